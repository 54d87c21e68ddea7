// @ts-check
import './ndjson.js';
