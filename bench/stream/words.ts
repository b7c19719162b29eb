/** What each line says behind its number. */
export const REST = 'x'.repeat(60);
