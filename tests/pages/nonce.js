// The only script of the page nonce.html that its policy lets in; what it imports is trusted with it.
import { mount } from './panel_page.js';

mount({ open: true });
