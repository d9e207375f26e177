/** The API's shapes, as far as the console reads them. */
export interface Website { id: number; name: string; url: string; plan: 'FREE' | 'PRO'; clientToken: string; widgetLoadedAt: string | null; level: 'READ' | 'WRITE' | 'READ_WRITE' }
export interface User { id: number; name: string; email: string; online: boolean }
export interface Visitor { id: number; name: string; token: string; ip: string; context: string; country: string | null; city: string | null; online: boolean; createdAt: string }
export interface Conversation {
  id: number; token: string; rating: number | null; assigneeId: number | null; visitorId: number; createdAt: string; status: 'OPEN' | 'CLOSED';
  closedAt: string | null; summary: string | null; tags: string[];
}
export interface Message { id: number; content: string; type: 'TEXT' | 'SYSTEM'; senderType: 'VISITOR' | 'USER' | 'SYSTEM'; userId: number | null; read: boolean; createdAt: string }
export interface Thread { conversation: Conversation; messages: Message[]; visitor: Visitor | null; users: User[] }
export interface Statistics { totalConversations: number; activeConversations: number; onlineVisitors: number }
export interface Counts { unassigned: number; opened: number; closed: number }
export interface TicketMessage { id: string; messageType: 'EMAIL' | 'CHAT' | 'NOTE'; content: string; senderEmail: string | null; createdAt: string }
export interface Ticket {
  id: string; title: string; description: string; status: string; priority: string; assigneeId: number | null; email: string | null; createdAt: string;
  visitor: { token: string; name: string } | null; assignee: { id: number; name: string } | null; messages: TicketMessage[];
}
export interface Page<T> { data: T[]; total: number; page: number; totalPages: number }
