// What the console says, in every language that it knows.
const en = {
  signIn: 'Sign in', token: 'API token', tokenHint: 'It begins with 5c_ and stays in this tab.', wrongToken: 'This token is not known here. Check it, or make a new one.',
  needsReading: 'This token may only write. The console needs a READ or READ_WRITE token.', away: 'The server cannot be reached. Try again in a moment.',
  who: 'Who are you?', noUsers: 'This website has no agents yet. Create one with POST /users or `fivechat user create`.', lookOnly: 'Continue without a name',
  home: 'Home', inbox: 'Inbox', tickets: 'Tickets', signOut: 'Sign out', theme: 'Dark or light', bell: 'Desktop notifications',
  online: 'Online users', active: 'Active', unassigned: 'Unassigned', newToday: 'New today', closedToday: 'Closed today', total: 'Total conversations',
  recent: 'Recent chats', noChats: 'No open chats. When a visitor writes, it appears here by itself.', notInstalled: 'Your widget has not been loaded from your website yet.',
  install: 'Put this line into the head of your pages:', copy: 'Copy', copied: 'Copied', yours: 'Yours', others: 'Others', closed: 'Closed', showClosed: 'Show closed',
  search: 'Search', noneFound: 'Nothing found.', pick: 'Choose a conversation.', visitor: 'Visitor', write: 'Write a reply…', send: 'Send', readOnly: 'This token only reads: answering needs READ_WRITE.',
  assignMe: 'Assign to me', assignee: 'Assignee', nobody: 'Nobody', close: 'Close', reopen: 'Reopen', back: 'Back', typing: 'is typing…', seen: 'Read', sending: 'Sending…',
  retry: 'Not sent. Try again.', joined: 'joined', tags: 'Tags', addTag: 'Add a tag', remove: 'Remove', facts: 'About the visitor', place: 'Place', address: 'Address', since: 'First seen', offline: 'Offline',
  isOnline: 'Online', summary: 'Summary', reconnecting: 'Reconnecting…', failed: 'That did not work: ', needsPro: 'Tickets need the plan PRO.', noTickets: 'No tickets here.',
  newTicket: 'New ticket', title: 'Title', description: 'Description', email: 'E-mail', status: 'Status', priority: 'Priority', any: 'Any', create: 'Create', note: 'Note', reply: 'Reply',
  next: 'Next', previous: 'Previous', rated: 'Rated', keys: 'j/k: move · Enter: open · r: reply · a: assign to me · e: close · /: search', unread: 'unread', system: 'System', agent: 'Agent',
};

export type Words = typeof en;

const de: Words = {
  signIn: 'Anmelden', token: 'API-Token', tokenHint: 'Es beginnt mit 5c_ und bleibt in diesem Tab.', wrongToken: 'Dieses Token ist hier nicht bekannt. Prüfen Sie es, oder erstellen Sie ein neues.',
  needsReading: 'Dieses Token darf nur schreiben. Die Konsole braucht ein Token READ oder READ_WRITE.', away: 'Der Server ist nicht erreichbar. Versuchen Sie es gleich noch einmal.',
  who: 'Wer sind Sie?', noUsers: 'Diese Website hat noch keine Agenten. Legen Sie einen mit POST /users oder `fivechat user create` an.', lookOnly: 'Ohne Namen weiter',
  home: 'Übersicht', inbox: 'Posteingang', tickets: 'Tickets', signOut: 'Abmelden', theme: 'Dunkel oder hell', bell: 'Benachrichtigungen',
  online: 'Besucher online', active: 'Aktiv', unassigned: 'Nicht zugewiesen', newToday: 'Heute neu', closedToday: 'Heute beendet', total: 'Gespräche insgesamt',
  recent: 'Neueste Chats', noChats: 'Keine offenen Chats. Sobald ein Besucher schreibt, erscheint er hier von selbst.', notInstalled: 'Ihr Widget wurde noch nie von Ihrer Website geladen.',
  install: 'Setzen Sie diese Zeile in den Kopf Ihrer Seiten:', copy: 'Kopieren', copied: 'Kopiert', yours: 'Ihre', others: 'Andere', closed: 'Beendet', showClosed: 'Beendete zeigen',
  search: 'Suchen', noneFound: 'Nichts gefunden.', pick: 'Wählen Sie ein Gespräch.', visitor: 'Besucher', write: 'Antwort schreiben…', send: 'Senden', readOnly: 'Dieses Token liest nur: Antworten braucht READ_WRITE.',
  assignMe: 'Mir zuweisen', assignee: 'Zugewiesen an', nobody: 'Niemand', close: 'Beenden', reopen: 'Wieder öffnen', back: 'Zurück', typing: 'schreibt…', seen: 'Gelesen', sending: 'Wird gesendet…',
  retry: 'Nicht gesendet. Noch einmal versuchen.', joined: 'ist dabei', tags: 'Tags', addTag: 'Tag hinzufügen', remove: 'Entfernen', facts: 'Über den Besucher', place: 'Ort', address: 'Adresse', since: 'Zuerst gesehen', offline: 'Offline',
  isOnline: 'Online', summary: 'Zusammenfassung', reconnecting: 'Verbindung wird wiederhergestellt…', failed: 'Das hat nicht geklappt: ', needsPro: 'Tickets brauchen den Tarif PRO.', noTickets: 'Hier sind keine Tickets.',
  newTicket: 'Neues Ticket', title: 'Titel', description: 'Beschreibung', email: 'E-Mail', status: 'Status', priority: 'Priorität', any: 'Alle', create: 'Anlegen', note: 'Notiz', reply: 'Antwort',
  next: 'Weiter', previous: 'Zurück', rated: 'Bewertet', keys: 'j/k: bewegen · Enter: öffnen · r: antworten · a: mir zuweisen · e: beenden · /: suchen', unread: 'ungelesen', system: 'System', agent: 'Agent',
};

const es: Words = {
  signIn: 'Entrar', token: 'Token de API', tokenHint: 'Empieza por 5c_ y se queda en esta pestaña.', wrongToken: 'Este token no se conoce aquí. Revísalo o crea uno nuevo.',
  needsReading: 'Este token solo puede escribir. La consola necesita un token READ o READ_WRITE.', away: 'No se puede llegar al servidor. Inténtalo en un momento.',
  who: '¿Quién eres?', noUsers: 'Este sitio aún no tiene agentes. Crea uno con POST /users o `fivechat user create`.', lookOnly: 'Continuar sin nombre',
  home: 'Inicio', inbox: 'Bandeja', tickets: 'Tickets', signOut: 'Salir', theme: 'Oscuro o claro', bell: 'Notificaciones',
  online: 'Usuarios en línea', active: 'Activas', unassigned: 'Sin asignar', newToday: 'Nuevas hoy', closedToday: 'Cerradas hoy', total: 'Total de conversaciones',
  recent: 'Chats recientes', noChats: 'No hay chats abiertos. Cuando alguien escriba, aparecerá aquí.', notInstalled: 'Tu widget aún no se ha cargado desde tu sitio.',
  install: 'Pon esta línea en la cabecera de tus páginas:', copy: 'Copiar', copied: 'Copiado', yours: 'Tuyas', others: 'Otras', closed: 'Cerradas', showClosed: 'Mostrar cerradas',
  search: 'Buscar', noneFound: 'Nada encontrado.', pick: 'Elige una conversación.', visitor: 'Visitante', write: 'Escribe una respuesta…', send: 'Enviar', readOnly: 'Este token solo lee: responder necesita READ_WRITE.',
  assignMe: 'Asignármela', assignee: 'Asignada a', nobody: 'Nadie', close: 'Cerrar', reopen: 'Reabrir', back: 'Atrás', typing: 'está escribiendo…', seen: 'Leído', sending: 'Enviando…',
  retry: 'No enviado. Reintentar.', joined: 'se ha unido', tags: 'Etiquetas', addTag: 'Añadir etiqueta', remove: 'Quitar', facts: 'Sobre el visitante', place: 'Lugar', address: 'Dirección', since: 'Visto por primera vez', offline: 'Desconectado',
  isOnline: 'En línea', summary: 'Resumen', reconnecting: 'Reconectando…', failed: 'No ha funcionado: ', needsPro: 'Los tickets necesitan el plan PRO.', noTickets: 'No hay tickets aquí.',
  newTicket: 'Nuevo ticket', title: 'Título', description: 'Descripción', email: 'Correo', status: 'Estado', priority: 'Prioridad', any: 'Todos', create: 'Crear', note: 'Nota', reply: 'Respuesta',
  next: 'Siguiente', previous: 'Anterior', rated: 'Valorada', keys: 'j/k: mover · Enter: abrir · r: responder · a: asignármela · e: cerrar · /: buscar', unread: 'sin leer', system: 'Sistema', agent: 'Agente',
};

const fr: Words = {
  signIn: 'Se connecter', token: 'Jeton d’API', tokenHint: 'Il commence par 5c_ et reste dans cet onglet.', wrongToken: 'Ce jeton n’est pas connu ici. Vérifiez-le ou créez-en un nouveau.',
  needsReading: 'Ce jeton ne peut qu’écrire. La console a besoin d’un jeton READ ou READ_WRITE.', away: 'Le serveur est injoignable. Réessayez dans un instant.',
  who: 'Qui êtes-vous ?', noUsers: 'Ce site n’a pas encore d’agents. Créez-en un avec POST /users ou `fivechat user create`.', lookOnly: 'Continuer sans nom',
  home: 'Accueil', inbox: 'Boîte de réception', tickets: 'Tickets', signOut: 'Se déconnecter', theme: 'Sombre ou clair', bell: 'Notifications',
  online: 'Visiteurs en ligne', active: 'Actives', unassigned: 'Non attribuées', newToday: 'Nouvelles aujourd’hui', closedToday: 'Closes aujourd’hui', total: 'Conversations au total',
  recent: 'Chats récents', noChats: 'Aucun chat ouvert. Dès qu’un visiteur écrit, il apparaît ici.', notInstalled: 'Votre widget n’a pas encore été chargé depuis votre site.',
  install: 'Placez cette ligne dans l’en-tête de vos pages :', copy: 'Copier', copied: 'Copié', yours: 'Les vôtres', others: 'Autres', closed: 'Closes', showClosed: 'Afficher les closes',
  search: 'Rechercher', noneFound: 'Rien trouvé.', pick: 'Choisissez une conversation.', visitor: 'Visiteur', write: 'Écrire une réponse…', send: 'Envoyer', readOnly: 'Ce jeton ne fait que lire : répondre demande READ_WRITE.',
  assignMe: 'M’attribuer', assignee: 'Attribuée à', nobody: 'Personne', close: 'Clore', reopen: 'Rouvrir', back: 'Retour', typing: 'écrit…', seen: 'Lu', sending: 'Envoi…',
  retry: 'Non envoyé. Réessayer.', joined: 'a rejoint', tags: 'Étiquettes', addTag: 'Ajouter une étiquette', remove: 'Retirer', facts: 'À propos du visiteur', place: 'Lieu', address: 'Adresse', since: 'Vu pour la première fois', offline: 'Hors ligne',
  isOnline: 'En ligne', summary: 'Résumé', reconnecting: 'Reconnexion…', failed: 'Cela n’a pas marché : ', needsPro: 'Les tickets demandent l’offre PRO.', noTickets: 'Aucun ticket ici.',
  newTicket: 'Nouveau ticket', title: 'Titre', description: 'Description', email: 'E-mail', status: 'Statut', priority: 'Priorité', any: 'Tous', create: 'Créer', note: 'Note', reply: 'Réponse',
  next: 'Suivant', previous: 'Précédent', rated: 'Évaluée', keys: 'j/k : bouger · Entrée : ouvrir · r : répondre · a : m’attribuer · e : clore · / : rechercher', unread: 'non lus', system: 'Système', agent: 'Agent',
};

const known: Record<string, Words> = { en, de, es, fr };

export const language = navigator.languages.map((l) => l.split('-')[0]!).find((l) => known[l]) || 'en';
export const w = known[language]!;
