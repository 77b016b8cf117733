//! The Rust of the guide and of the README, as tests.

#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../guide/authentication.md")]
    struct Authentication;
    #[doc = include_str!("../../../guide/other-clients.md")]
    struct OtherClients;
    #[doc = include_str!("../../../guide/own-parts.md")]
    struct OwnParts;
    #[doc = include_str!("../../../guide/sandbox.md")]
    struct Sandbox;
    #[doc = include_str!("../../../guide/sdk.md")]
    struct Sdk;
    #[doc = include_str!("../../../guide/tokens.md")]
    struct Tokens;
}
