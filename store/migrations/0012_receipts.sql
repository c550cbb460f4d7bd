-- Each step carries a hash chained over its sheet's journal, and the sheet carries the last one: what a candidate was
-- told is saved can be compared with what is here. Null in journals written before receipts.
alter table step add column receipt bytea;
alter table attempt add column receipt bytea;

-- Validated questions of a sheet are asked for at every save of a progressive case.
create index step_lock on step (exam_id, attempt_id, question_id) where kind = 'lock';

-- Sessions that have ended are looked for at every sign-in.
create index login_session_expires on login_session (expires_ms);
