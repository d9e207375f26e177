// The sound of a new message, made by the browser.

const length = 0.4; // seconds

/** chime plays two short notes. It reports false if the browser forbids sound: the person hasn't used the page yet. */
export function chime(): boolean {
  if (navigator.userActivation?.hasBeenActive === false) return false;
  const audio = new AudioContext();
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.setValueAtTime(0.12, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + length);
  [660, 880].forEach((frequency, i) => {
    const note = audio.createOscillator();
    note.frequency.value = frequency;
    note.connect(volume);
    note.start(audio.currentTime + i * 0.1);
    note.stop(audio.currentTime + length);
    note.onended = () => i && audio.close();
  });
  return true;
}
