import * as FlexPlugin from "@twilio/flex-plugin";
import { farewell } from "./farewell";
import { FAREWELL, SERVICE } from "./where";

class IvrPlugin extends FlexPlugin.FlexPlugin {
  constructor() {
    super("IvrPlugin");
  }

  init(flex, manager) {
    farewell(flex, manager, { service: SERVICE, farewell: FAREWELL });
  }
}

FlexPlugin.loadPlugin(IvrPlugin);
