// Runs a Twilio Function once, as Twilio would: node run_function.cjs FILE ERROR_URL QUEUE_RESULT. Prints its answer as JSON.
const [file, errorUrl, queueResult] = process.argv.slice(2);

global.Twilio = {
  Response: class {
    headers = {};
    appendHeader(name, value) {
      this.headers[name] = value;
    }
    setBody(body) {
      this.body = body;
    }
  },
};

require(file).handler({}, { ErrorUrl: errorUrl, QueueResult: queueResult, CallSid: "CA1" }, (error, response) => {
  if (error) throw error;
  console.log(JSON.stringify(response));
});
