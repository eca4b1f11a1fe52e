// /api/v1/tasks of DM's OpenAPI, on the master that leads.
#pragma once

#include "tests/dmserver/answering_master.h"
#include "tests/dmserver/tasks.h"

namespace dm::standin {

// `parts`: the path below /api/v1/. nullopt: no such operation.
std::optional<net::Response> HandleTasks(AnsweringMaster& master, const net::Request& request, const std::vector<std::string>& parts);
// Asks the worker itself, as DM does.
Unreachable AskWorkers(AnsweringMaster& master, const base::Json& state);

// Shared with the rest of the OpenAPI.
net::Response OpenApiReply(int status, const base::Json& body);
net::Response OpenApiRefused(const DmError& error);
net::Response OpenApiSchema(const std::string& what);
base::Result<base::Json> OpenApiBody(const net::Request& request);
net::Response OpenApiChanged(AnsweringMaster& master, const std::function<Outcome(base::Json&)>& change, net::Response done);

}  // namespace dm::standin
