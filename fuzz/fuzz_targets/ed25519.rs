#![no_main]

#[path = "../entry.rs"]
#[allow(dead_code)] // each target runs one of them
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::ed25519::agrees(data));
