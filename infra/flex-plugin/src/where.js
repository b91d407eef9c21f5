// Where things are. Change both before building; neither is a secret, and no token may ever stand here.
export const SERVICE = "https://calls.example.com"; // IVR_PUBLIC_URL
export const FAREWELL = "https://ivr-farewell-0000.twil.io/farewell"; // the Function in ../serverless
