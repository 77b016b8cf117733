//! The known causes of failures, and their fixes.

optimize_api::declare_hints! {
    // Connections.
    UNKNOWN_HOST = "unknown-host",
        "this host name is not known",
        "check the host name in the URL, and whether this machine has to use a proxy or a VPN";
    CONNECT = "no-connection",
        "nothing accepts connections at this address",
        "check that the server is running, that host and port are right, and that no firewall blocks the connection";
    PROXY_CONNECT = "proxy-no-connection",
        "the proxy of {proxy} is used, and the connection failed",
        "check its address; name the host in NO_PROXY if it needs no proxy";
    PROXY_AUTHENTICATION = "proxy-407",
        "the proxy of {proxy} wants a user name and a password",
        "set {proxy}=http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded: @ is %40, : is %3A, # is %23, \
         / is %2F, % is %25";
    PROXY_REFUSED = "proxy-refused",
        "the proxy of {proxy} does not connect to this server",
        "ask its administrator to allow the host, or name the host in NO_PROXY if it needs no proxy";
    PROXY_ADDRESS = "proxy-address",
        "{proxy} is not the address of a proxy",
        "it looks like http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or socks5h://HOST:PORT; percent-encode special \
         characters of the password: @ is %40, : is %3A, # is %23, / is %2F, % is %25";
    UNKNOWN_CA = "unknown-ca",
        "the certificate comes from an authority that this machine does not trust",
        "give the CA's certificate as PEM: ca_file in the configuration, or OPTIMIZE_CA_FILE";
    CERTIFICATE_TIME = "certificate-time",
        "the certificate has expired or is not valid yet, by the clock of this machine",
        "renew the server's certificate; if it is good, correct the clock";
    CERTIFICATE_NAME = "certificate-name",
        "the certificate is for another host name",
        "use the host name that the certificate is for";
    CLIENT_CERTIFICATE = "client-certificate",
        "the server wants a certificate from the client, or another one",
        "set OPTIMIZE_CLIENT_CERT_FILE and OPTIMIZE_CLIENT_KEY_FILE";
    BAD_CERTIFICATE = "bad-certificate",
        "the server's certificate cannot be used",
        "give the server a certificate that is meant for servers";
    NOT_TLS = "not-tls",
        "this port does not speak https",
        "use the https port, or begin the URL with http://";
    NOT_HTTP = "not-http",
        "this port speaks https, not http",
        "begin the URL with https://, or use the http port";
    TLS_VERSION = "tls-version",
        "the server and this program share no version of TLS or no cipher",
        "let the server speak TLS 1.2 or 1.3";

    // Something in front.
    FRONT_TOKEN = "front-token",
        "a web page is not a token endpoint: a firewall, a proxy or a login page in front of it responded",
        "check the token URL, and ask the operator of that firewall or proxy to let this client through";
    FRONT_API = "front-api",
        "a web page is not Optimize's API: a firewall, a proxy or a gateway in front of it responded",
        "ask the operator of that firewall or proxy to let this client through; check the base URL";

    // Token endpoints.
    RATE_LIMIT = "rate-limit",
        "the token endpoint allows few requests; Camunda SaaS about one a second per address, failed ones included",
        "wait as long as it asks, and let tokens be cached (OPTIMIZE_TOKEN_CACHE)";
    KEYCLOAK_SERVICE_ACCOUNT = "keycloak-service-account",
        "the client in Keycloak has no service account",
        "turn on \"Service accounts roles\" (older: \"Service Accounts Enabled\") in the settings of the client";
    KEYCLOAK_CLIENT = "keycloak-client",
        "this realm of Keycloak does not know the client id",
        "check OPTIMIZE_CLIENT_ID, and the name of the realm in the URL";
    KEYCLOAK_SECRET = "keycloak-secret",
        "Keycloak does not accept the client secret",
        "copy it again from the tab Credentials of the client";
    REALM = "keycloak-realm",
        "there is no such realm at this address",
        "check the name of the realm; older installations of Keycloak have /auth before /realms, newer ones do not";
    ENTRA_SECRET_EXPIRED = "entra-secret-expired",
        "the client secret has expired (AADSTS7000222)",
        "create a new secret in the app registration, and set it";
    ENTRA_SECRET = "entra-secret",
        "Entra does not accept the client secret (AADSTS7000215)",
        "use the value of the secret, not its id";
    ENTRA_TENANT = "entra-tenant",
        "Entra does not know the tenant (AADSTS90002, AADSTS900023)",
        "check the tenant: the directory id of the app registration";
    ENTRA_APPLICATION = "entra-application",
        "Entra does not know the client in this tenant (AADSTS700016)",
        "check OPTIMIZE_CLIENT_ID, the application id of the app registration, and the tenant";
    ENTRA_RESOURCE = "entra-resource",
        "Entra does not know the application that the token is for (AADSTS500011)",
        "check the application id of Optimize's own app registration: application_id, or OPTIMIZE_SCOPE";
    ENTRA_SCOPE = "entra-scope",
        "the scope is missing or not valid for Entra (AADSTS70011, AADSTS900144, AADSTS1002012)",
        "set OPTIMIZE_SCOPE to APPLICATION-ID/.default, or preset = \"entra\" with application_id";
    ENTRA_OTHER = "entra-other",
        "Entra refused the request",
        "look the AADSTS code up at https://login.microsoftonline.com/error";
    ISSUER_SLASH = "issuer-slash",
        "the issuer names itself {with_or_without} a slash at the end",
        "set the issuer exactly like that: {issuer}";
    ISSUER_OTHER = "issuer-other",
        "the issuer names itself differently",
        "set the issuer exactly as it names itself, and check that it is the one you mean";
    ISSUER_PATH = "issuer-path",
        "there is no issuer at this address",
        "check the path of OPTIMIZE_ISSUER_URL, or set OPTIMIZE_TOKEN_URL";
    CLOCK = "clock",
        "this machine's clock is {difference} the server's",
        "correct the clock";
    CLIENT = "client",
        "the token endpoint does not accept the client",
        "check client id and secret, and whether the provider wants OPTIMIZE_CLIENT_AUTH=basic";
    OTHER_BODY = "other-body",
        "the token endpoint does not read this kind of request body",
        "set OPTIMIZE_CLIENT_AUTH={client_auth}";
    SCOPE = "scope",
        "the token endpoint does not accept the scope",
        "check OPTIMIZE_SCOPE";
    AUDIENCE = "audience",
        "the token endpoint does not accept the audience",
        "check OPTIMIZE_AUDIENCE; on Camunda SaaS it is optimize.camunda.io";
    TOKEN_URL = "token-url",
        "what responded is not a token endpoint",
        "check OPTIMIZE_TOKEN_URL, or token_url in the configuration";
    TOKEN_ENDPOINT_DOWN = "token-endpoint-down",
        "the token endpoint does not work now",
        "try again later; check the token URL";

    // The API and the token.
    TOKEN_KEYCLOAK_AUDIENCE = "keycloak-audience",
        "Keycloak made the token for the audience {audience}, not for Optimize; OPTIMIZE_AUDIENCE changes nothing there",
        "give the client the permission for the Optimize API, or an audience mapper";
    TOKEN_ENTRA_V1 = "entra-v1",
        "the token is an Entra token of version 1, which Optimize does not accept",
        "set requestedAccessTokenVersion to 2 in the manifest of Optimize's app registration";
    TOKEN_CLUSTER = "saas-cluster",
        "the token is for the cluster {cluster}, not for the one in the base URL",
        "use the credentials of an API client of this cluster: each cluster has its own";
    TOKEN_SAAS_SCOPE = "saas-scope",
        "the API client may not use Optimize",
        "create an API client with the scope Optimize in the Console, and use its credentials";
    TOKEN_NO_AUDIENCE = "no-audience",
        "the token names no audience, so the server may not accept it",
        "set OPTIMIZE_AUDIENCE to what the server is configured for";
    TOKEN_AUDIENCE = "token-audience",
        "the token is for the audience {audience}",
        "if the server expects another one, set OPTIMIZE_AUDIENCE";
    TOKEN_CLIENT_ID_CLAIM = "client-id-claim",
        "the token is for the right audience; Camunda 8.10 refuses it if the server does not know which claim holds the client \
         id, and takes it for a user's (camunda/camunda issue 63372)",
        "set camunda.security.authentication.oidc.client-id-claim at the server, for example to azp; give the client the \
         permission for Optimize";
    TOKEN_REFUSED = "token-refused",
        "the server does not accept this token",
        "see its claims: optimize auth status --check";
    SHARED_TOKEN = "shared-token",
        "shared tokens end with Camunda 8.11",
        "plan for an API client with client id and secret before that update";
    PERMISSION = "permission",
        "the client may not use Optimize's public API",
        "give it the permission for the Optimize API at the identity provider";
}
