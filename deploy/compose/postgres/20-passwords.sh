#!/usr/bin/env bash
# Sets the passwords of the roles of roles.sql. PostgreSQL's image runs it once, in an empty directory.
set -euo pipefail
for role in eaf_migrate eaf_app eaf_platform; do
  psql --quiet --variable ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --variable role="$role" --variable password="$DCM_DB_PASSWORD" <<<"alter role :\"role\" password :'password';"
done
