// The form for a new ticket, perhaps for a conversation.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent } from 'react';
import type { Ticket } from '../../../../../libs/web/api';
import { useSession } from '../../api/session';
import { t, tEnum } from '../../texts';
import { useAction } from '../../ui/settings';
import { NeedsPro, priorities, useHasTickets } from './choices';
import { BackToTickets } from './TicketPage';
import './tickets.css';

export function Page() {
  return useHasTickets() ? <Form /> : <NeedsPro />;
}

function Form() {
  const { api } = useSession();
  const { conversation } = useSearch({ from: '/tickets/new' });
  const navigate = useNavigate();
  const [run, error] = useAction();
  const create = (e: FormEvent<HTMLFormElement>) => {
    e.preventDefault();
    const fields = Object.fromEntries(new FormData(e.currentTarget)) as Record<string, string>;
    const { title, email, description, priority } = fields;
    run(async () => {
      const ticket = await api.call<Ticket>('POST', '/tickets', {
        title,
        description,
        priority,
        ...(email && { email }),
        ...(conversation && { conversationToken: conversation }),
      });
      await navigate({ to: '/tickets/$id', params: { id: ticket.id } });
    });
  };
  return (
    <main className="page">
      <header className="bar">
        <BackToTickets />
        <h1>{t('newTicket')}</h1>
      </header>
      <form className="stack" onSubmit={create}>
        <label>
          {t('title')}
          <input name="title" required maxLength={255} autoFocus dir="auto" />
        </label>
        <label>
          {t('email')}
          <input name="email" type="email" maxLength={254} />
        </label>
        <label>
          {t('description')}
          <textarea name="description" rows={6} maxLength={60_000} dir="auto" />
        </label>
        <label>
          {t('priority')}
          <select name="priority" defaultValue="MEDIUM">
            {priorities.map((p) => (
              <option key={p} value={p}>
                {tEnum('priority', p)}
              </option>
            ))}
          </select>
        </label>
        <p className="error" role="alert">
          {error}
        </p>
        <p className="buttons">
          <button className="primary">{t('create')}</button>
        </p>
      </form>
    </main>
  );
}
