// A page of htmx, with hx-boost in its markup.
import 'htmx.org';
