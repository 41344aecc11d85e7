#!/bin/sh
# Run once by the image of PostgreSQL, as the superuser, when the database is made: the owner, the plain role, the database.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$OWNER_PASSWORD" -v app="$APP_PASSWORD" --username postgres <<'SQL'
CREATE ROLE tranche_owner LOGIN PASSWORD :'owner';
CREATE ROLE tranche_app LOGIN PASSWORD :'app';
CREATE DATABASE tranche OWNER tranche_owner;
SQL
