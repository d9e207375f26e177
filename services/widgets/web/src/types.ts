/** Settings is a website's widget, as GET /widgets/{clientToken} answers it. */
export interface Settings {
  color: string;
  buttonClass: string;
  chatClass: string;
  chatTitleClass: string;
  chatInputClass: string;
  buttonXPos: number;
  buttonYPos: number;
  buttonBgColor: string;
  buttonTextColor: string;
  bubbleColor: string;
  bubbleTextColor: string;
  websiteClientToken: string;
  chatFormFields: string;
  welcomeMessages: string;
  ratingEnabled: boolean;
  removeBranding: boolean;
}

/** Stored is a message as the server has it. */
export interface Stored {
  id: number;
  content: string;
  senderType: 'VISITOR' | 'USER' | 'SYSTEM';
  userId: number | null;
  read: boolean;
}

export interface Conversation {
  token: string;
  status: 'OPEN' | 'CLOSED';
  rating: number | null;
}

export interface Agent {
  id: number;
  name: string;
  avatarUrl: string | null;
}

/** Draft is a message that is on its way; its id is the same over all tries, so that the server stores it once. */
export interface Draft {
  id: string;
  content: string;
}

/** Field is a question before the first message. */
export interface Field {
  name: string;
  label: string;
  type: string;
  required: boolean;
}
