-- Smaller versions of pictures, made once, for pages: one a width. An empty one says that the original does as well.
create table media_size (
    hash text not null references media (hash),
    width bigint not null,
    mime text not null,
    bytes bytea not null,
    created_ms bigint not null,
    primary key (hash, width)
);

-- The bytes of PDFs and videos, cut in pieces of one size, so that a part is read without the whole: their row in
-- media has none.
create table media_piece (
    hash text not null references media (hash),
    number bigint not null,
    bytes bytea not null,
    primary key (hash, number)
);
