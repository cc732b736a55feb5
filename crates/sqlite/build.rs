//! Compiles `SQLCipher`'s `SQLite` with the crypto that `src/provider.rs` brings, so that it needs no OpenSSL and builds
//! wherever a C compiler is.

fn main() {
    let folder = sqlcipher_src::source_dir();
    let source = folder.join(sqlcipher_src::SOURCE_FILE);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", source.display());
    let mut build = cc::Build::new();
    build
        .file(&source)
        .include(folder)
        // Tests work real stores: unoptimised, SQLite alone would make them several times slower.
        .opt_level(2)
        .warnings(false)
        .define("SQLITE_CORE", None)
        .define("SQLITE_HAS_CODEC", None)
        .define("SQLITE_EXTRA_INIT", "sqlcipher_extra_init")
        .define("SQLITE_EXTRA_SHUTDOWN", "sqlcipher_extra_shutdown")
        .define("SQLCIPHER_CRYPTO_CUSTOM", "jobsheet_sqlcipher_provider")
        // Nothing of a store is written to temporary files.
        .define("SQLITE_TEMP_STORE", "3")
        .define("SQLITE_THREADSAFE", "1")
        .define("SQLITE_DEFAULT_FOREIGN_KEYS", "1")
        .define("SQLITE_ENABLE_API_ARMOR", None)
        .define("SQLITE_ENABLE_COLUMN_METADATA", None)
        .define("SQLITE_ENABLE_STAT4", None)
        .define("SQLITE_OMIT_LOAD_EXTENSION", None)
        .define("SQLITE_USE_URI", None)
        .define("HAVE_STDINT_H", "1")
        .define("HAVE_USLEEP", "1")
        .define("HAVE_ISNAN", None);
    if std::env::var("CARGO_CFG_WINDOWS").is_err() {
        build.define("HAVE_LOCALTIME_R", None);
    }
    build.compile("jobsheet_sqlite");
}
