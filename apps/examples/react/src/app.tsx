import { useState } from "react";
import { useConnection } from "./connection.ts";

export function App() {
  const [shown, setShown] = useState(true);
  return (
    <main>
      <Status />
      <button type="button" onClick={() => setShown(!shown)}>
        {shown ? "Hide" : "Show"}
      </button>
      {shown ? <User /> : null}
    </main>
  );
}

function Status() {
  const { open } = useConnection();
  return <p role="status">{open ? "connected" : "not connected"}</p>;
}

function User() {
  const { uid } = useConnection();
  return <p>{uid === null ? "nobody yet" : `you are ${uid}`}</p>;
}
