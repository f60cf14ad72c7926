// `./denow task doctor`: what a bug report needs, in one paste: the WebGPU adapter with its driver, features
// and limits, and the versions of everything below this project. Prints text, or JSON with --json; exits 1
// where there is no adapter, with the remedy.
import { parseArgs } from "@std/cli";
import { type AdapterReport, describeAdapter } from "./device/describe.ts";

const help = `Prints adapter, driver, limits, features and versions for a bug report.

Usage: deno task doctor [--json]

  --json   one JSON object instead of text
  --help   this text

Example: ./denow task doctor --json > doctor.json`;

const root = new URL("../", import.meta.url);

interface Report {
  adapter: AdapterReport | null;
  drivers: string[];
  versions: Record<string, string>;
  machine: Record<string, string | number>;
}

async function diagnose(): Promise<Report> {
  const memory = Deno.systemMemoryInfo();
  return {
    adapter: await describeAdapter(),
    drivers: vulkanDrivers(),
    versions: {
      ...Deno.version,
      ...pinnedPackages(),
      checkout: firstLine("git", "-C", decodeURIComponent(root.pathname), "describe", "--always", "--dirty"),
      mesa: firstLine("dpkg-query", "-W", "-f", "${Version}", "mesa-vulkan-drivers"),
      chromium: firstLine("chromium", "--version"),
    },
    machine: {
      system: `${Deno.build.os} ${Deno.osRelease()}`,
      target: Deno.build.target,
      cores: navigator.hardwareConcurrency,
      memoryGiB: Math.round(memory.total / 2 ** 30 * 10) / 10,
      freeGiB: Math.round(memory.available / 2 ** 30 * 10) / 10,
    },
  };
}

/** The driver manifests in the order the Vulkan loader looks for them (a list in VK_DRIVER_FILES wins). */
function vulkanDrivers(): string[] {
  const listed = Deno.env.get("VK_DRIVER_FILES") ?? Deno.env.get("VK_ICD_FILENAMES");
  if (listed) return listed.split(":");
  const found: string[] = [];
  for (const folder of ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"]) {
    try {
      for (const entry of Deno.readDirSync(folder)) found.push(`${folder}/${entry.name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return found.sort();
}

function pinnedPackages(): Record<string, string> {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const packages = Object.values(imports as Record<string, string>)
    .map((target) => /^npm:(.+)@([^@/]+)$/.exec(target))
    .filter((match) => match !== null);
  return Object.fromEntries(packages.map(([, name, version]) => [name, version]));
}

/** The first line a program prints, or "absent" where it is not installed or fails. */
function firstLine(program: string, ...args: string[]): string {
  try {
    const { success, stdout } = new Deno.Command(program, { args, stderr: "null" }).outputSync();
    return (success && new TextDecoder().decode(stdout).trim().split("\n")[0]) || "absent";
  } catch {
    return "absent";
  }
}

function print({ adapter, drivers, versions, machine }: Report): void {
  const section = (title: string, values: Record<string, string | number>) => {
    console.log(`\n${title}`);
    const width = Math.max(...Object.keys(values).map((name) => name.length));
    for (const [name, value] of Object.entries(values)) console.log(`  ${name.padEnd(width)}  ${value}`);
  };
  console.log(adapter ? `${adapter.description} (${adapter.kind})` : "No WebGPU adapter");
  section("machine", machine);
  section("versions", versions);
  section("Vulkan drivers", Object.fromEntries(drivers.map((path, i) => [i + 1, path])));
  if (!adapter) return;
  const { vendor, architecture, device, subgroups } = adapter;
  section("adapter", {
    vendor,
    architecture: architecture || "not told",
    device,
    subgroups: subgroups.join("..."),
  });
  section("features", Object.fromEntries(adapter.features.map((name) => [name, "yes"])));
  section("limits", adapter.limits);
}

if (import.meta.main) {
  const unknown: string[] = [];
  const flags = parseArgs(Deno.args, {
    boolean: ["json", "help"],
    unknown: (arg) => void unknown.push(arg),
  });
  if (flags.help) {
    console.log(help);
  } else if (unknown.length > 0) {
    console.error(`Unknown argument ${unknown[0]}; see --help`);
    Deno.exit(2);
  } else {
    const report = await diagnose();
    if (flags.json) console.log(JSON.stringify(report, null, 2));
    else print(report);
    if (!report.adapter) {
      console.error(
        "No WebGPU adapter: install your GPU's Vulkan driver, or the package mesa-vulkan-drivers for the CPU",
      );
      Deno.exit(1);
    }
  }
}
