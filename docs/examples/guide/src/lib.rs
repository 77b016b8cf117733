//! The Rust of the guide and of the README, as tests.

#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../guide/authentication.md")]
    struct Authentication;
    #[doc = include_str!("../../../guide/sandbox.md")]
    struct Sandbox;
    #[doc = include_str!("../../../guide/sdk.md")]
    struct Sdk;
    #[doc = include_str!("../../../guide/tokens.md")]
    struct Tokens;
}
