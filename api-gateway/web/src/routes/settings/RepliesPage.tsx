// The canned replies of the team, and the person's own.
import type { CannedReply } from '../../../../../libs/web/api';
import { path } from '../../api/client';
import { useSession } from '../../api/session';
import { t } from '../../texts';
import { Field, FormDialog } from '../../ui/Form';
import { Items, Sharing, textOf, variables } from './items';

export function Page() {
  return (
    <Items<CannedReply>
      kind="CANNED_REPLY"
      path="/canned-replies"
      title="cannedReplies"
      hint="cannedRepliesHint"
      create="newReply"
      none="noReplies"
      hasSearch
      nameOf={(reply) => reply.title}
      row={(reply) => (
        <>
          <small className="dim">
            /{reply.shortcut}
            {reply.folder && ` · ${reply.folder}`} · {t('usedTimes', { count: reply.uses })}
          </small>
          <small dir="auto">{reply.text}</small>
        </>
      )}
      form={(reply, saved, close) => <ReplyForm reply={reply} saved={saved} close={close} />}
    />
  );
}

interface ReplyFormProps {
  reply: CannedReply | null;
  saved: () => Promise<unknown>;
  close: () => void;
}

function ReplyForm({ reply, saved, close }: ReplyFormProps) {
  const { api } = useSession();
  const save = async (fields: FormData) => {
    const [shortcut, title, folder] = ['shortcut', 'title', 'folder'].map((name) => textOf(fields, name));
    const body = { shortcut, title, folder, text: String(fields.get('text')) };
    if (reply) await api.call('PATCH', path`/canned-replies/${reply.id}`, body);
    else await api.call('POST', '/canned-replies', { ...body, shared: fields.has('shared') });
    await saved();
  };
  return (
    <FormDialog title={reply ? t('editNamed', { name: reply.title }) : t('newReply')} close={close} save={save}>
      {(problemOf) => (
        <>
          <Field label={t('title')} problem={problemOf('title')}>
            {(a) => <input name="title" required maxLength={200} defaultValue={reply?.title} dir="auto" {...a} />}
          </Field>
          <Field label={t('shortcut')} problem={problemOf('shortcut')} hint={t('shortcutHint')}>
            {(a) => <input name="shortcut" required maxLength={64} defaultValue={reply?.shortcut} {...a} />}
          </Field>
          <Field label={t('text')} problem={problemOf('text')} hint={t('variablesHint', { names: variables })}>
            {(a) => (
              <textarea name="text" required rows={6} maxLength={16384} defaultValue={reply?.text} dir="auto" {...a} />
            )}
          </Field>
          <Field label={t('folder')} problem={problemOf('folder')}>
            {(a) => <input name="folder" maxLength={100} defaultValue={reply?.folder ?? ''} dir="auto" {...a} />}
          </Field>
          <Sharing isNew={!reply} />
        </>
      )}
    </FormDialog>
  );
}
