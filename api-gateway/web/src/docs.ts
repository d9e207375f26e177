// The reference: the document that the edge serves, as a page. It asks nobody but this origin.
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

SwaggerUI({
  url: '/openapi.json',
  dom_id: '#app',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null, // it would send the document to a validator elsewhere
  persistAuthorization: false, // a token does not outlive the page
});
