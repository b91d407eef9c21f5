import { FlexPlugin, loadPlugin } from "@twilio/flex-plugin";
import { farewell } from "./farewell";
import { FAREWELL, SERVICE } from "./where";

class IvrPlugin extends FlexPlugin {
  constructor() {
    super("IvrPlugin");
  }

  init(flex, manager) {
    farewell(flex, manager, { service: SERVICE, farewell: FAREWELL });
  }
}

loadPlugin(IvrPlugin);
