// The page: subscribes to ticks and shows them.
import './fetch-event-target.js';
