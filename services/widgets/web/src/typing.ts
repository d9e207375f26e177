// The typing on both sides: the agent's, which the visitor sees, and the visitor's, which the server shows to agents.

// Milliseconds.
const reportInterval = 3_000; // between two reports that the visitor is typing
const agentTimeout = 7_000; // an agent's typing is hidden if it isn't repeated; the server keeps it for 6 s

export class Typing {
  isAgentTyping?: boolean;
  private _reportedAt = 0; // 0 if the server knows that the visitor isn't typing
  private _timer: ReturnType<typeof setTimeout> | undefined;

  /** onChange is called when an agent's typing times out. post sends to the server whether the visitor types. */
  constructor(
    private readonly _onChange: () => void,
    private readonly _post: (typing: boolean) => void,
  ) {}

  setAgentTyping(typing: boolean) {
    clearTimeout(this._timer);
    this.isAgentTyping = typing;
    if (!typing) return;
    this._timer = setTimeout(() => {
      this.isAgentTyping = false;
      this._onChange();
    }, agentTimeout);
  }

  /** report sends whether the visitor types. It limits how often. */
  report(typing: boolean) {
    const now = Date.now();
    const isKnown = typing ? now - this._reportedAt < reportInterval : !this._reportedAt;
    if (isKnown) return;
    this._reportedAt = typing ? now : 0;
    this._post(typing);
  }

  /** endReport notes that the visitor has sent a message: the server ends their typing by itself. */
  endReport() {
    this._reportedAt = 0;
  }
}
