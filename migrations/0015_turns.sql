-- Messages as a tree: an answer can be written again, a question be put differently, and nothing is lost.

-- The message before, by its number: of the same session by the reference, and an older one by the
-- check, so that no branch can run in a circle.
alter table message add column parent_no bigint;
-- the owner sees no rows behind the wall; it stands again below
alter table message no force row level security;
alter table chat_session no force row level security;
update message m set parent_no = (
  select q.no from message q where q.client_no = m.client_no and q.message_id = m.reply_to)
where m.reply_to is not null;
update message m set parent_no = (
  select max(a.no) from message a
  where a.client_no = m.client_no and a.session_id = m.session_id and a.role = 'assistant' and a.no < m.no)
where m.role = 'user';
alter table message drop constraint one_answer;
alter table message drop column reply_to;
drop index message_of_session;
alter table message add constraint message_of_session unique (client_no, session_id, no);
alter table message add constraint message_parent_fkey
  foreign key (client_no, session_id, parent_no) references message (client_no, session_id, no) on delete cascade;
alter table message add constraint message_parent_before check (parent_no < no);
alter table message add constraint message_parent_of_answer check (role = 'user' or parent_no is not null);
create index message_children on message (client_no, session_id, parent_no, no);

-- What its user thinks of an answer.
alter table message add column rating text check (rating in ('up', 'down'));
alter table message add column rating_comment text check (char_length(rating_comment) <= 2000);
alter table message add constraint message_rating_of_answer
  check (role = 'assistant' or rating is null);

-- Searching one's own history reads one's messages, the latest first.
create index message_of_user on message (client_no, user_id, no);

-- The message that ends the branch shown, who gave the title, and what its user has set.
alter table chat_session add column current_no bigint;
alter table chat_session add column title_by text not null default 'server' check (title_by in ('user', 'server'));
alter table chat_session add column settings jsonb not null default '{}';
update chat_session s set current_no = (
  select max(m.no) from message m where m.client_no = s.client_no and m.session_id = s.session_id);
-- who wrote it is not known of older ones: better a plain title than one that was overwritten
update chat_session set title_by = 'user' where title <> '';
alter table message force row level security;
alter table chat_session force row level security;
