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
