#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jobsheet_fuzz::decoders::exchange(bytes));
