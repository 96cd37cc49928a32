//! How answers become JSON.

use bytes::Bytes;
use serde::Serialize;

/// The JSON text of an answer. Most of an answer's time goes into looking for what must be escaped in
/// the texts of issues, so the writer is one that looks at many bytes at once.
pub(crate) fn bytes<T: Serialize + ?Sized>(answer: &T) -> Bytes {
    sonic_rs::to_vec(answer).expect("answers have no maps whose keys are not texts").into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_written_as_the_common_writer_writes_it(texts: Vec<String>) {
            let common = serde_json::to_vec(&texts).unwrap();
            prop_assert_eq!(bytes(&texts), common);
        }
    }

    #[test]
    fn what_must_be_escaped_is_wherever_it_stands() {
        for place in 0..70 {
            for odd in ["\"", "\\", "\n", "\u{1}", "\u{1f}", "\u{7f}", "\u{2028}", "é"] {
                let text = format!("{}{odd}{}", "a".repeat(place), "b".repeat(70 - place));
                assert_eq!(bytes(&text), serde_json::to_vec(&text).unwrap());
            }
        }
    }
}
