import { PeopleFrame } from "../people-frame";
import { Categories } from "./categories";
import { Policy } from "./policy";
import { Summary } from "./summary";

export function ConsentRoom() {
  return (
    <PeopleFrame>
      <Summary />
      <Policy />
      <Categories />
    </PeopleFrame>
  );
}
