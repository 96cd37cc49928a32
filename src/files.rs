//! Small files that settings name, such as keys and certificates.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// The most that is read of such a file, in bytes.
const LONGEST: u64 = 4 << 20;

/// The content of a file, at most its first 4 MiB. A pipe or a device is not read, because it may have no
/// end and would block the start silently.
///
/// # Errors
///
/// When it cannot be read, or is no regular file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut content)?;
    Ok(content)
}
