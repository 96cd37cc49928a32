//! Start and stop. No decisions.

fn main() {}
