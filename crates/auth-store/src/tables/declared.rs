//! The tables of Better Auth 1.7.25 (core §12.1), as its own migration creates them. The indexes for finding
//! expired rows are an addition; Better Auth works with or without them.

use super::ColumnDefault::{False, Now};
use super::{Column, Part, Table};

/// Users, sessions, accounts and verifications, which every server needs.
pub const CORE: Part = Part {
    feature: "core",
    tables: &[
        Table {
            name: "user",
            columns: &[
                Column::key(),
                Column::text("name"),
                Column::text("email").unique(),
                Column::boolean("emailVerified").added_with(False),
                Column::text("image").nullable(),
                Column::time("createdAt").or(Now),
                Column::time("updatedAt").or(Now),
            ],
        },
        Table {
            name: "session",
            columns: &[
                Column::key(),
                Column::time("expiresAt").indexed(),
                Column::text("token").unique(),
                Column::time("createdAt").or(Now),
                Column::time("updatedAt").added_with(Now),
                Column::text("ipAddress").nullable(),
                Column::text("userAgent").nullable(),
                Column::owner("userId"),
            ],
        },
        Table {
            name: "account",
            columns: &[
                Column::key(),
                Column::text("accountId"),
                Column::text("providerId"),
                Column::owner("userId"),
                Column::text("accessToken").nullable(),
                Column::text("refreshToken").nullable(),
                Column::text("idToken").nullable(),
                Column::time("accessTokenExpiresAt").nullable(),
                Column::time("refreshTokenExpiresAt").nullable(),
                Column::text("scope").nullable(),
                // If the existing column has another name, a new empty column would lock every user out.
                Column::text("password").nullable().never_added(),
                Column::time("createdAt").or(Now),
                Column::time("updatedAt").added_with(Now),
            ],
        },
        Table {
            name: "verification",
            columns: &[
                Column::key(),
                Column::text("identifier").indexed(),
                Column::text("value"),
                Column::time("expiresAt").indexed(),
                Column::time("createdAt").or(Now),
                Column::time("updatedAt").or(Now),
            ],
        },
    ],
};

/// Request counters, for rate limiting with `storage = "database"`.
pub const RATE_LIMIT: Part = Part {
    feature: "rate_limit",
    tables: &[Table {
        name: "rateLimit",
        columns: &[
            Column::key(),
            Column::text("key").unique(),
            Column::integer("count"),
            Column::big_integer("lastRequest").indexed(),
        ],
    }],
};

/// Key pairs of the `jwt` plugin (plugins §3.4). A key without `alg` and `crv` uses the configured algorithm.
pub const JWT: Part = Part {
    feature: "jwt",
    tables: &[Table {
        name: "jwks",
        columns: &[
            Column::key(),
            Column::text("publicKey"),
            Column::text("privateKey"),
            Column::time("createdAt"),
            Column::time("expiresAt").nullable(),
            Column::text("alg").nullable(),
            Column::text("crv").nullable(),
        ],
    }],
};

/// Columns of the `two-factor` and `admin` plugins that forbid a sign-in. This server implements neither
/// plugin. It never creates these columns, but respects them if a Node server created them.
pub const SIGN_IN_GATES: Part = Part {
    feature: "sign_in_gates",
    tables: &[Table {
        name: "user",
        columns: &[
            Column::boolean("twoFactorEnabled").nullable().or(False),
            Column::boolean("banned").nullable().or(False),
            Column::text("banReason").nullable(),
            Column::time("banExpires").nullable(),
        ],
    }],
};
