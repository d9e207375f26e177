/** smallScreen is the media query of screens that the panel covers, as in the style sheets. */
export const smallScreen = '(max-width: 480px), (max-height: 480px)';
