-- Referentials, in versions, and the tags of the bank's latest revisions, one a row.

create table referential (
    slug text primary key,
    title text not null,
    publisher text not null,
    licence text not null,
    -- Number of the version in force.
    current bigint not null,
    created_ms bigint not null
);

create table referential_version (
    slug text not null references referential (slug),
    -- From 1.
    number bigint not null,
    name text not null,
    -- Of the nodes: the same content is the same version.
    hash text not null,
    nodes bigint not null,
    origin text not null,
    author_id text not null references person (id),
    created_ms bigint not null,
    primary key (slug, number),
    unique (slug, name)
);

create table referential_node (
    slug text not null references referential (slug),
    version bigint not null,
    code text not null,
    -- Code of the node above; empty at the top.
    parent text not null,
    position bigint not null,
    -- How a question names this node.
    tag text not null,
    kind text not null,
    title text not null,
    title_status text not null,
    rank text not null,
    rubric text not null,
    status text not null,
    -- Codes of the version before, parted by spaces.
    replaces text not null,
    primary key (slug, version, code)
);
create index referential_node_tag on referential_node (tag);

-- What a tag is now: followed when a version said so (no author), decided by someone, or kept as it is
-- (empty target).
create table tag_follow (
    tag text not null,
    target text not null,
    slug text not null,
    author_id text references person (id),
    at_ms bigint not null,
    primary key (tag, target)
);

-- direct: 1 written by the author, 0 derived (the item of an objective, the target of tag_follow).
create table entry_tag (
    entry_id text not null references entry (id),
    tag text not null,
    direct bigint not null,
    primary key (entry_id, tag)
);
create index entry_tag_tag on entry_tag (tag);

-- Tags are words parted by spaces: letters go from rest to tag one by one, in SQL that both engines know.
insert into entry_tag (entry_id, tag, direct)
with recursive cut (entry_id, tag, rest) as (
    select e.id, cast('' as text), v.tags || ' '
    from entry e join revision v on v.entry_id = e.id and v.number = e.latest
    union all
    select entry_id,
        case when substr(rest, 1, 1) = ' ' then '' else tag || substr(rest, 1, 1) end,
        substr(rest, 2)
    from cut where rest <> ''
)
select distinct entry_id, tag, 1 from cut where tag <> '' and substr(rest, 1, 1) = ' ';

insert into entry_tag (entry_id, tag, direct)
select distinct t.entry_id, 'R2C:' || ltrim(substr(t.tag, 5, 3), '0'), 0
from entry_tag t
where t.tag like 'OIC-___-__-_'
    and not exists (select 1 from entry_tag o
        where o.entry_id = t.entry_id and o.tag = 'R2C:' || ltrim(substr(t.tag, 5, 3), '0'));
