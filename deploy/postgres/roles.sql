-- Run once by the image of PostgreSQL, on an empty volume: the role that owns the schema and migrates, and the one the servers sign in as, which
-- may read and write what it is granted and nothing else (S96).
\set owner_password `cat /secrets/postgres/owner.password`
\set server_password `cat /secrets/postgres/server.password`

CREATE ROLE sallyport_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE sallyport LOGIN PASSWORD :'server_password';
CREATE DATABASE sallyport OWNER sallyport_owner;
REVOKE ALL ON DATABASE sallyport FROM PUBLIC;
GRANT CONNECT ON DATABASE sallyport TO sallyport;
-- The cluster's other databases are nobody's but the superuser's.
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
