//! Error codes of the host. To add one: a line here, its text in `messages/{de,en}.toml` and its
//! section in `docs/errors.md`; tests compare the three.

use axum::http::StatusCode;

macro_rules! codes {
    ($($variant:ident = $name:literal $status:ident),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($variant),+ }

        impl Code {
            #[cfg(test)]
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name),+ }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),+ }
            }
        }
    };
}

codes! {
    // Authentication and authorization.
    TokenMissing = "token-missing" UNAUTHORIZED,
    TokenInvalid = "token-invalid" UNAUTHORIZED,
    TokenExpired = "token-expired" UNAUTHORIZED,
    TokenNotYetValid = "token-not-yet-valid" UNAUTHORIZED,
    TokenIssuer = "token-issuer" UNAUTHORIZED,
    TokenAudience = "token-audience" UNAUTHORIZED,
    TokenNotForAccess = "token-not-for-access" UNAUTHORIZED,
    SessionExpired = "session-expired" UNAUTHORIZED,
    Csrf = "csrf" FORBIDDEN,
    PersonMissing = "person-missing" PRECONDITION_REQUIRED,
    PersonChanged = "person-changed" CONFLICT,
    NotAMember = "not-a-member" FORBIDDEN,
    IdentityUnavailable = "identity-unavailable" SERVICE_UNAVAILABLE,
    IdentityMisconfigured = "identity-misconfigured" INTERNAL_SERVER_ERROR,
    NoTenant = "no-tenant" FORBIDDEN,
    NotAnOperator = "not-an-operator" FORBIDDEN,
    PermissionMissing = "permission-missing" FORBIDDEN,
    ProductNotEnabled = "product-not-enabled" FORBIDDEN,
    GrantsMissing = "grants-missing" CONFLICT,
    SettingsChanged = "settings-changed" CONFLICT,
    // Sign-in.
    ReturnToRefused = "return-to-refused" BAD_REQUEST,
    SignInUnknown = "sign-in-unknown" BAD_REQUEST,
    SignInDenied = "sign-in-denied" FORBIDDEN,
    SignInFailed = "sign-in-failed" BAD_REQUEST,
    AddressUnverified = "address-unverified" FORBIDDEN,
    InvitationOtherAddress = "invitation-other-address" FORBIDDEN,
    InvitationUsed = "invitation-used" FORBIDDEN,
    InvitationWithdrawn = "invitation-withdrawn" FORBIDDEN,
    InvitationExpired = "invitation-expired" FORBIDDEN,
    // Request.
    NotFound = "not-found" NOT_FOUND,
    MethodNotAllowed = "method-not-allowed" METHOD_NOT_ALLOWED,
    UnsupportedMediaType = "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE,
    BodyTooLarge = "body-too-large" PAYLOAD_TOO_LARGE,
    BodyTooComplex = "body-too-complex" UNPROCESSABLE_ENTITY,
    BodyUnreadable = "body-unreadable" BAD_REQUEST,
    MalformedJson = "malformed-json" BAD_REQUEST,
    BodyInvalid = "body-invalid" UNPROCESSABLE_ENTITY,
    UriTooLong = "uri-too-long" URI_TOO_LONG,
    HeadersTooLarge = "headers-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE,
    QueryInvalid = "query-invalid" BAD_REQUEST,
    IdempotencyKeyInvalid = "idempotency-key-invalid" BAD_REQUEST,
    IdempotencyKeyReused = "idempotency-key-reused" CONFLICT,
    BasisInvalid = "basis-invalid" BAD_REQUEST,
    ChangedMeanwhile = "changed-meanwhile" PRECONDITION_FAILED,
    AnswerErased = "answer-erased" GONE,
    PersonErased = "person-erased" GONE,
    Contention = "contention" CONFLICT,
    Overloaded = "overloaded" TOO_MANY_REQUESTS,
    DecisionTooLarge = "decision-too-large" UNPROCESSABLE_ENTITY,
    TooManyRequests = "too-many-requests" TOO_MANY_REQUESTS,
    TooManyStreams = "too-many-streams" TOO_MANY_REQUESTS,
    TooManyTests = "too-many-tests" TOO_MANY_REQUESTS,
    TooManyConnections = "too-many-connections" CONFLICT,
    TooManyDrafts = "too-many-drafts" CONFLICT,
    // People and tenants.
    NotACurrentMember = "not-a-current-member" CONFLICT,
    LastAdmin = "last-admin" CONFLICT,
    ManagerCycle = "manager-cycle" CONFLICT,
    DeputyCycle = "deputy-cycle" CONFLICT,
    DeputyPeriod = "deputy-period" UNPROCESSABLE_ENTITY,
    GroupKey = "group-key" UNPROCESSABLE_ENTITY,
    TooManyGroups = "too-many-groups" CONFLICT,
    TenantExists = "tenant-exists" CONFLICT,
    AlreadyAMember = "already-a-member" CONFLICT,
    AlreadyInvited = "already-invited" CONFLICT,
    TooManyInvitations = "too-many-invitations" CONFLICT,
    TenantHasAdmin = "tenant-has-admin" CONFLICT,
    // Server.
    ViewBehind = "view-behind" SERVICE_UNAVAILABLE,
    OtherEpoch = "other-epoch" CONFLICT,
    PackageChanged = "package-changed" SERVICE_UNAVAILABLE,
    EventUnknown = "event-unknown" SERVICE_UNAVAILABLE,
    PackageUnavailable = "package-unavailable" SERVICE_UNAVAILABLE,
    PackageFault = "package-fault" INTERNAL_SERVER_ERROR,
    DatabaseUnavailable = "database-unavailable" SERVICE_UNAVAILABLE,
    TimedOut = "timed-out" SERVICE_UNAVAILABLE,
    Internal = "internal" INTERNAL_SERVER_ERROR,
}

/// Codes of `errors[]`, each about one member of a body or one parameter of a query.
#[cfg(test)]
pub const FIELD_CODES: [&str; 27] = [
    "required",
    "unknown",
    "type",
    "min-length",
    "max-length",
    "minimum",
    "maximum",
    "pattern",
    "format",
    "past",
    "enum",
    "min-items",
    "max-items",
    "unique-items",
    "multiple-of",
    "invalid",
    "reversed",
    "person",
    "person-not-permitted",
    "https",
    "secret-again",
    "password-in-clear",
    "media-type",
    "malformed",
    "too-large",
    "too-complex",
    "cut-off",
];
