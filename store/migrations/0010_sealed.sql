-- How many parts of a progressive case beyond the one under way a candidate may open without a network: 0 none,
-- -1 all of them.
alter table exam add column offline_parts bigint not null default 1;

-- A section of a frozen paper as it is given out: a manifest in clear, which says nothing of the content, and pieces
-- that only their keys open. Its row is written last, with all the rest in one transaction.
create table sealed_section (
    exam_id text not null references exam (id),
    section_id text not null,
    hash text not null,
    manifest text not null,
    -- What the keys of exported queues are derived from, hexadecimal.
    queue_secret text not null,
    created_ms bigint not null,
    primary key (exam_id, section_id)
);

create table sealed_piece (
    exam_id text not null references exam (id),
    section_id text not null,
    -- SHA-256 of the bytes, hexadecimal.
    hash text not null,
    bytes bytea not null,
    primary key (exam_id, section_id, hash)
);

create table sealed_key (
    exam_id text not null references exam (id),
    section_id text not null,
    number bigint not null,
    -- AES-256, hexadecimal.
    secret text not null,
    primary key (exam_id, section_id, number)
);

-- Steps brought by hand from a machine whose page had no stream yet: where they went, so that bringing them twice
-- changes nothing.
create table queue_import (
    attempt_id text not null references attempt (id),
    digest text not null,
    stream bigint not null,
    primary key (attempt_id, digest)
);
