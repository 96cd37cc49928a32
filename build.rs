//! Makes cargo rebuild a release when the web pages were rebuilt.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script its profile that way")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // A debug build reads the pages from their folder as it runs.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        // A folder that is not there would count as changed each time. Where it cannot be made, the
        // server is built without pages.
        let _ = std::fs::create_dir_all("web/dist");
        println!("cargo:rerun-if-changed=web/dist");
    }
}
