// The ways in: dropped, pasted or chosen files, and the samples.

/** Lets photographs in and hands them to the pipeline. */
export function takeIn(pipeline) {
  const size = document.getElementById('size');
  const load = document.getElementById('load');
  const add = (sources) => {
    if (sources.length > 0) {
      pipeline.add(sources, { longestSide: Number(size.value), copies: Number(load.value) });
    }
  };
  const addFiles = (files) => add(Array.from(files, (file) => ({ name: file.name, open: async () => file })));

  wirePicker(addFiles);
  wireDrop(addFiles);
  document.addEventListener('paste', (event) => addFiles(event.clipboardData?.files ?? []));

  const samples = document.getElementById('use-samples');
  samples.addEventListener('click', async () => {
    samples.disabled = true;
    try {
      add(await sampleSources());
      say('');
    } catch (error) {
      say(`The samples could not be loaded: ${error.message}`);
    } finally {
      samples.disabled = false;
    }
  });
  samples.disabled = false;
}

function wirePicker(addFiles) {
  const input = document.getElementById('files');
  const button = document.getElementById('choose-files');
  button.addEventListener('click', () => input.click());
  button.disabled = false;
  input.addEventListener('change', () => {
    addFiles(input.files);
    input.value = ''; // So that the same file can be chosen again.
  });
}

// The whole page takes drops: a photograph that misses the frame must not replace the page.
function wireDrop(addFiles) {
  const zone = document.getElementById('drop');
  const carriesFiles = (event) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (carriesFiles(event)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      zone.classList.add('over');
    }
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) {
      zone.classList.remove('over');
    }
  });
  document.addEventListener('drop', (event) => {
    zone.classList.remove('over');
    if (carriesFiles(event)) {
      event.preventDefault();
      addFiles(event.dataTransfer.files);
    }
  });
}

async function sampleSources() {
  const names = await (await load('/samples/index.json')).json();
  return names.map((name) => ({
    name,
    open: async (signal) => (await load(`/samples/${name}`, signal)).blob(),
  }));
}

async function load(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return response;
}

function say(text) {
  const notice = document.getElementById('notice');
  notice.textContent = text;
  notice.hidden = text === '';
}
