// Loaded before a program under test (deno run --preload): its devices fail as the environment's FAILING_DEVICE says.
import { devicesFail } from "../gpu/failing_device.ts";

devicesFail(JSON.parse(Deno.env.get("FAILING_DEVICE") ?? "{}"));
