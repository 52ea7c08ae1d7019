// Sends back what it gets.
onmessage = (event) => postMessage(event.data);
