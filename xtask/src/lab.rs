//! Real servers, fetched from public registries, started on loopback, and asked by the lab tests.

pub(crate) mod keycloak;
