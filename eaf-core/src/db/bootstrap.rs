//! Creation of roles and schema by a superuser, or by the database's owner with CREATEROLE. It may
//! be repeated, and then replaces the passwords.

use super::Error;
use hmac::{Hmac, KeyInit, Mac};
use postgres_protocol::password::scram_sha_256;
use sha2::Sha256;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::fmt::Write;
use std::str::FromStr;

/// SQL that creates roles and schemas, for an administrator who runs it by hand.
pub const ROLES: &str = include_str!("../../../migrations/roles.sql");

/// Passwords of the three roles that log in to PostgreSQL.
#[derive(Clone)]
pub struct Passwords {
    pub migrate: String,
    pub app: String,
    pub platform: String,
}

impl Passwords {
    /// Derives the passwords from the secret of the role that creates the others, so that one
    /// secret configures an installation. A new secret gives new passwords.
    pub fn derive(secret: &str, database: &str) -> Passwords {
        let one = |role: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
            mac.update(format!("password of {role} in {database}").as_bytes());
            mac.finalize().into_bytes().iter().fold(String::new(), |mut text, byte| {
                let _infallible = write!(text, "{byte:02x}");
                text
            })
        };
        Passwords { migrate: one("eaf_migrate"), app: one("eaf_app"), platform: one("eaf_platform") }
    }
}

/// Reason why a role cannot bootstrap a database.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("the role {role} may not create roles: `alter role {role} createrole`, or use a superuser")]
    NoCreateRole { role: String },
    #[error(
        "the role {role} does not own the database {database}: `alter database {database} owner to {role}`, or use a \
         superuser"
    )]
    NotOwner { role: String, database: String },
    #[error(
        "PostgreSQL has the role {role} already, and {admin} does not administer it: another administrator made it. Run \
         the bootstrap as that administrator, or `grant {role} to {admin} with admin true`"
    )]
    ForeignRole { role: String, admin: String },
    #[error(
        "the roles of this server belong to the installation in the database {0}: its hosts would lose their passwords. \
         Each installation needs a PostgreSQL server of its own"
    )]
    OtherInstallation(String),
}

/// Creates roles and schemas. `admin_url` logs in as a superuser, or as the database's owner with
/// CREATEROLE, and must not lead to a pooler.
pub async fn bootstrap(admin_url: &str, passwords: &Passwords) -> Result<(), Error> {
    let role = "administrator";
    let mut conn = PgConnectOptions::from_str(admin_url)
        .map_err(|cause| Error::Address { role, cause })?
        // Statements below contain passwords.
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|cause| Error::Connect { role, cause })?;
    // Several hosts may start together, and concurrent changes of one role fail. The lock ends with
    // the connection.
    let lock = "select pg_advisory_lock(hashtextextended('eaf.bootstrap', 0))";
    sqlx::raw_sql(lock).execute(&mut conn).await.map_err(Error::Bootstrap)?;
    check(&mut conn).await?;
    sqlx::raw_sql(ROLES).execute(&mut conn).await.map_err(Error::Bootstrap)?;
    for (role, password) in
        [("eaf_migrate", &passwords.migrate), ("eaf_app", &passwords.app), ("eaf_platform", &passwords.platform)]
    {
        set_password(&mut conn, role, password).await.map_err(Error::Bootstrap)?;
    }
    mark(&mut conn).await.map_err(Error::Bootstrap)?;
    conn.close().await.map_err(Error::Bootstrap)
}

/// Checks the rights of the role before it changes anything, because PostgreSQL's refusals name the
/// statement and not the remedy.
async fn check(conn: &mut PgConnection) -> Result<(), Error> {
    let query = "select current_user::text as admin, current_database()::text as database, u.rolsuper, u.rolcreaterole,
                        pg_has_role(d.datdba, 'usage') as owns,
                        (select r.rolname::text from pg_roles r
                          where r.rolname in ('eaf_owner', 'eaf_migrate', 'eaf_app', 'eaf_platform')
                            and not pg_has_role(r.oid, 'member with admin option')
                          limit 1) as foreign_role,
                        (select other.datname::text from pg_roles r, pg_database other
                          where r.rolname = 'eaf_app' and other.datname <> current_database()
                            and shobj_description(r.oid, 'pg_authid') = $1 || other.datname) as installation
                   from pg_roles u, pg_database d
                  where u.rolname = current_user and d.datname = current_database()";
    let row = sqlx::query(query).bind(MARK).fetch_one(conn).await.map_err(Error::Bootstrap)?;
    let (admin, database): (String, String) = (row.get("admin"), row.get("database"));
    if let Some(other) = row.get("installation") {
        return Err(Error::Unfit(Unfit::OtherInstallation(other)));
    }
    let unfit = match (row.get("rolsuper"), row.get("rolcreaterole"), row.get("owns"), row.get("foreign_role")) {
        (true, ..) => return Ok(()),
        (_, false, ..) => Unfit::NoCreateRole { role: admin },
        (_, _, false, _) => Unfit::NotOwner { role: admin, database },
        (.., Some(role)) => Unfit::ForeignRole { role, admin },
        _ => return Ok(()),
    };
    Err(Error::Unfit(unfit))
}

/// Begin of the comment on `eaf_app` that names the installation's database, because roles belong
/// to the whole server.
const MARK: &str = "EAF in the database ";

async fn mark(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let statement = "select format('comment on role eaf_app is %L', $1 || current_database())";
    let statement: String = sqlx::query_scalar(statement).bind(MARK).fetch_one(&mut *conn).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}

/// Sets the password of a role. The server gets the SCRAM verifier and never the password, which
/// would be in the server's log if the server logs its statements.
async fn set_password(conn: &mut PgConnection, role: &str, password: &str) -> Result<(), sqlx::Error> {
    let verifier = scram_sha_256(password.as_bytes());
    // ALTER ROLE takes no parameters, so `format` quotes the values.
    let statement: String = sqlx::query_scalar("select format('alter role %I password %L', $1, $2)")
        .bind(role)
        .bind(verifier)
        .fetch_one(&mut *conn)
        .await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}
