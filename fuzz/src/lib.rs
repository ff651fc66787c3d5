//! What the fuzz targets try and check; the same as `crates/decoder/tests/properties.rs`.

#[path = "../../crates/decoder/tests/properties/checks.rs"]
pub mod checks;
#[path = "../../crates/decoder/tests/properties/inputs.rs"]
pub mod inputs;
