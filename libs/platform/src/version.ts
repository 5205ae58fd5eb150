/** Our own version; a test compares it with the package's. */
export const SALLYPORT_VERSION = '0.1.0';
