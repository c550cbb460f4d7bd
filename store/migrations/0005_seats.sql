-- Where a candidate sits, where the site says it: room, row from the front, seat in the row.
alter table candidate add column room text not null default '';
alter table candidate add column seat_row bigint;
alter table candidate add column seat_column bigint;
