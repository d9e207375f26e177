// The API reference: renders the OpenAPI document of the gateway. It sends requests to this origin only.
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

SwaggerUI({
  url: '/openapi.json',
  dom_id: '#app',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null, // a validator of another origin would receive the document
  persistAuthorization: false, // the token isn't stored
});
