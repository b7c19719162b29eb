/** The host that is this machine: `npm start` enrols it by itself, and only there a repository can lie beside the control plane. */
export const LOCAL_HOST = 'local';
