// Macros on the conversation that is open: each is one request, which is done completely or not at all.
import type { InboxChangeResults, Macro } from '../../../../../libs/web/api';
import { ApiError } from '../../api/client';
import { useRow } from '../../api/hooks';
import { useSession } from '../../api/session';
import { changeOf, render, useMacros, useValues } from '../../api/workspace';
import { t } from '../../texts';
import { useCommands } from '../../ui/commands';
import { useToasts } from '../../ui/toasts';

/** useApply returns the function that applies a macro to a conversation. */
export function useApply(token: string): (macro: Macro) => void {
  const { api, live, membership } = useSession();
  const toasts = useToasts();
  const values = useValues(useRow(token));
  return (macro) => {
    const change = changeOf(macro, membership.userId, Date.now());
    const text = macro.actions.reply && render(macro.actions.reply, values).trim();
    if (text) {
      const ifLast = live.cache.thread(token)?.messages.at(-1)?.id;
      void live.reply(token, text, { ifLast, change }); // the log shows it, and whether it was stored
      return;
    }
    const request = api.call<InboxChangeResults>('PATCH', '/inbox', { tokens: [token], change });
    request.then(({ data: [result] }) => {
      if (result?.error) toasts.fail(new ApiError(409, result.error.code, result.error.message));
      else toasts.done(t('macroApplied', { name: macro.name }));
    }, toasts.fail);
  };
}

/** useMacroCommands offers the macros in the palette while a conversation is open that the agent may write to. */
export function useMacroCommands(token: string) {
  const macros = useMacros();
  const apply = useApply(token);
  useCommands(
    macros.map((m) => ({ id: `macro-${m.id}`, label: t('applyMacro', { name: m.name }), run: () => apply(m) })),
  );
}
